import { describe, expect, it } from 'vitest';
import {
  redactHeaders,
  redactUrl,
  urlHoldsSecret,
  withoutCredentials,
} from '../../../src/connect/sources/poll/credentials.js';
import { followTo } from '../../../src/connect/sources/poll/follow.js';

const SECRET = 'p@ss/word 1';
const redact = (text: string): string => text.replaceAll(SECRET, '***');

describe('redaction', () => {
  it.each([
    ['https://a/x?appid=abc&lat=1', 'https://a/x?appid=***&lat=1'],
    ['https://a/x?KEY=abc&q=48.5,7.7', 'https://a/x?KEY=***&q=48.5,7.7'],
    ['https://user:hidden@a/x', 'https://***:***@a/x'],
    [`https://a/x?q=${encodeURIComponent(SECRET)}`, 'https://a/x?q=***'],
    [`https://a/${encodeURIComponent(SECRET)}/x`, 'https://a/***/x'],
    ['https://a/x?q=a+b#part', 'https://a/x?q=a+b'],
    [`not an address ${SECRET}`, 'not an address ***'],
  ])('%s', (url, expected) => {
    expect(redactUrl(url, redact)).toBe(expected);
  });

  it.each(['access_key', 'accessKey', 'x-api-key', 'app_key', 'auth_key', 'api_token', 'apiSecret', 'pwd'])(
    'hides what is called %s',
    (name) => {
      expect(redactUrl(`https://a/x?${name}=abc`, redact)).toBe(`https://a/x?${name}=***`);
    },
  );

  it.each(['sort_key', 'keyword', 'page_token', 'keys', 'passenger', 'monkey', 'author'])(
    'shows what is called %s',
    (name) => {
      expect(redactUrl(`https://a/x?${name}=abc`, redact)).toBe(`https://a/x?${name}=abc`);
    },
  );

  it.each(['api_key', 'ApiKey', 'X-AccessKey', 'X-RapidAPI-Key', 'x_auth_token'])(
    'knows header %s for a secret',
    (name) => {
      expect(redactHeaders({ [name]: 'abc' }, redact)).toEqual({ [name]: '***' });
    },
  );

  it('hides headers by name and by value', () => {
    const headers = {
      authorization: 'Bearer x',
      'x-aylien-newsapi-application-key': 'k',
      accept: 'a',
      'x-note': `is ${SECRET}`,
    };
    expect(redactHeaders(headers, redact)).toEqual({
      authorization: '***',
      'x-aylien-newsapi-application-key': '***',
      accept: 'a',
      'x-note': 'is ***',
    });
    expect(withoutCredentials(headers, redact)).toEqual({ accept: 'a' });
  });

  it('knows which addresses hold a secret', () => {
    expect(urlHoldsSecret('https://a/x?lat=1', redact)).toBe(false);
    expect(urlHoldsSecret('https://a/x?api_key=1', redact)).toBe(true);
    expect(urlHoldsSecret(`https://a/x?q=${encodeURIComponent(SECRET)}`, redact)).toBe(true);
    expect(urlHoldsSecret('https://u@a/x', redact)).toBe(true);
  });
});

describe('where an answer may lead', () => {
  const headers = { authorization: 'Bearer x', accept: 'a' };
  const follow = (from: string, to: string) => followTo(from, to, headers, redact);

  it('stays with the host, with everything', () => {
    expect(follow('https://a/x', '/y?z=1#f')).toEqual({ url: 'https://a/y?z=1', headers });
    expect(follow('http://a/x', 'http://a/y')).toEqual({ url: 'http://a/y', headers });
  });

  it('keeps the login of the address on its host, and nowhere else', () => {
    const from = 'https://u:p%40ss@a/x';
    expect(follow(from, 'https://a/y')).toEqual({ url: 'https://u:p%40ss@a/y', headers });
    expect(follow(from, '/y')).toEqual({ url: 'https://u:p%40ss@a/y', headers });
    expect(follow(from, 'https://v:q@a/y')).toEqual({ url: 'https://v:q@a/y', headers });
    expect(follow(from, 'https://b/y')).toMatchObject({ url: 'https://b/y' });
    expect(follow(from, 'https://a:8443/y')).toMatchObject({ url: 'https://a:8443/y' });
  });

  it('never goes from https to http, nor to another scheme', () => {
    expect(follow('https://a/x', 'http://a/y')).toEqual({ refused: 'http://a/y would leave https for http' });
    expect(follow('https://a/x', 'file:///etc/passwd')).toHaveProperty('refused');
    expect(follow('https://a/x', 'http://[')).toHaveProperty('refused');
  });

  it('leaves credentials behind when the host changes, and refuses an address that holds one', () => {
    expect(follow('https://a/x', 'https://b/y')).toEqual({ url: 'https://b/y', headers: { accept: 'a' } });
    expect(follow('https://a/x', 'https://a:8443/y')).toEqual({ url: 'https://a:8443/y', headers: { accept: 'a' } });
    expect(follow('https://a/x', `https://b/y?q=${encodeURIComponent(SECRET)}`)).toEqual({
      refused: 'https://b/y?q=*** would carry credentials from a to b',
    });
    expect(follow('https://a/x', 'https://u:p@b/y')).toHaveProperty('refused');
  });
});
