import { unescaped } from './url-text.js';

/** Environment variables. */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

/** A way out of a closed network. */
export interface HttpProxy {
  readonly host: string;
  readonly port: number;
  /** Value of `proxy-authorization`; undefined where the address has no user. */
  readonly authorization: string | undefined;
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * The proxy for an address, as curl reads the environment: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` in either case,
 * and `NO_PROXY` with hosts, endings (`.example.com`), `host:port`, or `*`.
 * @returns undefined for a direct way; a text where the proxy is none that can be used.
 * @see https://everything.curl.dev/usingcurl/proxies/env.html
 */
export function proxyFor(url: URL, environment: ProxyEnvironment): HttpProxy | string | undefined {
  const value = (name: string): string | undefined => environment[name.toLowerCase()] || environment[name] || undefined;
  const text = value(url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY') ?? value('ALL_PROXY');
  if (text === undefined || isExcepted(url, value('NO_PROXY') ?? '')) return undefined;
  const written = text.includes('://') ? text : `http://${text}`;
  const proxy = URL.canParse(written) ? new URL(written) : undefined;
  if (!proxy || proxy.hostname === '') return 'the address of the proxy cannot be read';
  if (proxy.protocol !== 'http:') return `a proxy is spoken to by http, not by ${proxy.protocol.slice(0, -1)}`;
  const user = `${unescaped(proxy.username)}:${unescaped(proxy.password)}`;
  return {
    host: withoutBrackets(proxy.hostname),
    port: Number(proxy.port || 80),
    authorization: user === ':' ? undefined : `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(user)))}`,
  };
}

function isExcepted(url: URL, list: string): boolean {
  const host = withoutBrackets(url.hostname).toLowerCase();
  const port = url.port || DEFAULT_PORTS[url.protocol];
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const match = /^(\[[^\]]+\]|[^:]+|[^:]*:[^:]*:.*?)(?::(\d+))?$/.exec(entry.toLowerCase());
      if (!match || (match[2] !== undefined && match[2] !== port)) return false;
      const name = withoutBrackets(match[1]!).replace(/^\*?\./, '');
      return host === name || host.endsWith(`.${name}`);
    });
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}
