import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { include: ['scripts/wire-vectors/make.ts'], testTimeout: 600_000 } });
