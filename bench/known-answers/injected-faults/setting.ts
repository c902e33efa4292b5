/** The address that a fault is loaded from carries its settings: `--import file:///…/burn.js?us=5`. */
export function readSetting(moduleUrl: string, name: string): number {
  const text = new URL(moduleUrl).searchParams.get(name)
  if (text === null) throw new Error(`the injected fault was given no ${name}`)
  return Number(text)
}
