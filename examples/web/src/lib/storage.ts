/** What outlives the page: records of runs, the last state of each network, and data that were dropped. */
const NAME = 'lanewise';
const STORES = ['runs', 'latest', 'data'] as const;
export type Store = (typeof STORES)[number];

let opened: Promise<IDBDatabase> | undefined;

function open(): Promise<IDBDatabase> {
  return (opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = (): void => {
      for (const store of STORES) request.result.createObjectStore(store);
    };
    request.onsuccess = (): void => resolve(request.result);
    request.onerror = (): void => reject(request.error ?? new Error('IndexedDB is not to be had'));
  }));
}

async function transact<Result>(store: Store, mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<Result>): Promise<Result> {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(store, mode);
    const request = act(transaction.objectStore(store));
    transaction.oncomplete = (): void => resolve(request.result);
    transaction.onerror = transaction.onabort = (): void => reject(transaction.error ?? new Error('the browser did not store it'));
  });
}

/** What is stored was put there by this page: its type is the caller's word. */
export const get = <Value>(store: Store, key: string): Promise<Value | undefined> =>
  transact(store, 'readonly', (objects) => objects.get(key) as IDBRequest<Value | undefined>);

export const getAll = <Value>(store: Store): Promise<Value[]> => transact(store, 'readonly', (objects) => objects.getAll() as IDBRequest<Value[]>);

export const put = (store: Store, key: string, value: unknown): Promise<unknown> => transact(store, 'readwrite', (objects) => objects.put(value, key));

export const remove = (store: Store, key: string): Promise<unknown> => transact(store, 'readwrite', (objects) => objects.delete(key));
