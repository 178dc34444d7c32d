import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { include: ['test/crash/*-fuzz.test.ts'], pool: 'forks' } });
