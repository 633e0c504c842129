import tseslint from 'typescript-eslint';

/** As the library's own rules, but for the floors of its house: the app knows nothing of the library but its public names. */
export default tseslint.config(
  { ignores: ['dist/', 'eslint.config.js'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off', // index access is checked by noUncheckedIndexedAccess; `!` says why it is safe by context
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      eqeqeq: 'error',
      'max-lines': ['error', 500],
    },
  },
);
