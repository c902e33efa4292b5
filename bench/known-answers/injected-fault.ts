import { COMPILED_BENCH } from '../processes/child.ts'

/** A module of `plants/`, and how much of it. */
export type Plant = { readonly name: string } & Readonly<Record<string, string | number>>

/** Where Node loads it from, what it is told included. */
export function plantAddress({ name, ...settings }: Plant): string {
  const address = new URL(`known-answers/injected-faults/${name}.js`, COMPILED_BENCH)
  for (const [setting, value] of Object.entries(settings)) address.searchParams.set(setting, String(value))
  return address.href
}
