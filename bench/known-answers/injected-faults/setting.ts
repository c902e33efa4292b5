/** A injectedFault is told how much by the address it is loaded from: `--import file:///…/burn.js?us=5`. */
export function readSetting(moduleUrl: string, name: string): number {
  const text = new URL(moduleUrl).searchParams.get(name)
  if (text === null) throw new Error(`a injectedFault was not told its ${name}`)
  return Number(text)
}
