/** How much a fault does stands in the URL that it is loaded from: `--import file:///…/burn.js?us=5`. */
export function readSetting(moduleUrl: string, name: string): number {
  const text = new URL(moduleUrl).searchParams.get(name)
  if (text === null) throw new Error(`the URL of an injected fault has no "${name}"`)
  return Number(text)
}
