/** The machine, as far as a page is told. */
import type { EnvironmentReport } from 'lanewise/report';
import { version } from 'lanewise/package.json';

interface UserAgentData {
  brands: { brand: string; version: string }[];
  platform: string;
}

export function environmentOf(threads: number): EnvironmentReport {
  const { userAgentData } = navigator as { userAgentData?: UserAgentData };
  const brand = userAgentData?.brands.find((each) => !/not.*brand/i.test(each.brand));
  const cores = navigator.hardwareConcurrency || 1;
  return {
    lanewise: version, runtime: brand ? `${brand.brand} ${brand.version}` : (/(Firefox|Version)\/[\d.]+/.exec(navigator.userAgent)?.[0] ?? 'a browser'),
    platform: userAgentData?.platform || 'the web', cpu: 'this processor', cores, threads, build: 'strict',
  };
}
