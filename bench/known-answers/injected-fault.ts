import { COMPILED_BENCH } from '../processes/child.ts'

/** A module of `injectedFaults/`, and how much of it. */
export type InjectedFault = { readonly name: string } & Readonly<Record<string, string | number>>

/** Where Node loads it from, what it is told included. */
export function injectedFaultAddress({ name, ...settings }: InjectedFault): string {
  const address = new URL(`known-answers/injected-faults/${name}.js`, COMPILED_BENCH)
  for (const [setting, value] of Object.entries(settings)) address.searchParams.set(setting, String(value))
  return address.href
}
