import { describe, expect, it } from 'vitest';
import { proxyFor } from '../../src/base/proxy.js';

const at = (url: string, environment: Record<string, string>) => {
  const proxy = proxyFor(new URL(url), environment);
  return typeof proxy === 'object' ? `${proxy.host}:${proxy.port}` : proxy;
};

describe('proxies of the environment', () => {
  it('goes by the scheme of the address, and by the small letters first', () => {
    const environment = { HTTP_PROXY: 'http://plain:3128', HTTPS_PROXY: 'http://secret:3129' };
    expect(at('http://a.example/', environment)).toBe('plain:3128');
    expect(at('https://a.example/', environment)).toBe('secret:3129');
    expect(at('https://a.example/', { HTTPS_PROXY: 'http://one', https_proxy: 'http://two' })).toBe('two:80');
    expect(at('https://a.example/', { ALL_PROXY: 'any:8080' })).toBe('any:8080');
    expect(at('https://a.example/', { HTTPS_PROXY: '' })).toBeUndefined();
    expect(at('https://a.example/', {})).toBeUndefined();
  });

  it.each([
    ['*', true],
    ['a.example', true],
    ['example', true],
    ['.example', true],
    ['*.example', true],
    ['b.example, A.Example', true],
    ['a.example:443', true],
    ['a.example:80', false],
    ['le', false],
    ['b.a.example', false],
    ['', false],
  ])('NO_PROXY=%s', (list, isDirect) => {
    const environment = { HTTPS_PROXY: 'http://proxy:1', NO_PROXY: list };
    expect(at('https://a.example/', environment)).toBe(isDirect ? undefined : 'proxy:1');
  });

  it('knows addresses of both families', () => {
    const environment = { HTTP_PROXY: 'http://[::1]:3128', NO_PROXY: '127.0.0.1,[2001:db8::1]' };
    expect(at('http://[::2]/', environment)).toBe('::1:3128');
    expect(at('http://127.0.0.1:8080/', environment)).toBeUndefined();
    expect(at('http://[2001:db8::1]/', environment)).toBeUndefined();
  });

  it('shows the user of the proxy to the proxy', () => {
    const proxy = proxyFor(new URL('http://a/'), { HTTP_PROXY: 'http://j%C3%BCrgen:p%40ss@proxy:1' });
    expect(proxy).toMatchObject({ authorization: `Basic ${Buffer.from('jürgen:p@ss').toString('base64')}` });
  });

  it('says when it cannot speak to a proxy, and not what its password is', () => {
    expect(at('http://a/', { HTTP_PROXY: 'socks5://me:secret@proxy:1' })).toBe(
      'a proxy is spoken to by http, not by socks5',
    );
    expect(at('http://a/', { HTTP_PROXY: 'http://me:secret@:99999/' })).toBe('the address of the proxy cannot be read');
  });
});
