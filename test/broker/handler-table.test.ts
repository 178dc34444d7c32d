import { describe, expect, it } from 'vitest';
import { HandlerTable } from '../../src/broker/handler-table.js';
import { loginOffers, offers } from '../../src/broker/handlers/index.js';

describe('the table of handlers', () => {
  it('offers each API in the versions that its definition has', async () => {
    const table = new HandlerTable([...offers, ...loginOffers]);
    await table.loadAll();
    for (const { key, minVersion, maxVersion } of table.apis) {
      const { api } = table.get(key)!;
      expect([key, minVersion, maxVersion], api.name).toEqual([api.key, api.versions.min, api.versions.max]);
    }
  });

  it('loads a handler when it is asked for, once', async () => {
    const table = new HandlerTable(offers);
    expect(table.get(3)).toBeUndefined();
    await table.load(3);
    expect(table.get(3)?.api.name).toBe('Metadata');
    expect(table.load(3)).toBeUndefined();
    expect(table.get(0)).toBeUndefined();
  });

  it('has nothing to load for what is not offered, or not even said', () => {
    const table = new HandlerTable(offers);
    expect(table.load(29)).toBeUndefined();
    expect(table.load(undefined)).toBeUndefined();
  });
});
