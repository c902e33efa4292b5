const SVG = 'http://www.w3.org/2000/svg'

/** Drawn, not written: ◔ and ⏸ are missing from many fonts, and some show them as coloured pictures. */
const PATHS = {
  waiting: 'M6 1A5 5 0 1 1 6 11A5 5 0 1 1 6 1ZM6 2.5A3.5 3.5 0 1 0 6 9.5A3.5 3.5 0 1 0 6 2.5Z',
  asking:
    'M6 1A5 5 0 1 1 6 11A5 5 0 1 1 6 1ZM6 2.5A3.5 3.5 0 1 0 6 9.5A3.5 3.5 0 1 0 6 2.5ZM6 2V6H10A4 4 0 0 0 6 2Z',
  holding: 'M2.5 1.5H5V10.5H2.5ZM7 1.5H9.5V10.5H7Z',
  open: 'M6 1.5A4.5 4.5 0 1 1 6 10.5A4.5 4.5 0 1 1 6 1.5Z',
  broken: 'M1 2.4L2.4 1L6 4.6L9.6 1L11 2.4L7.4 6L11 9.6L9.6 11L6 7.4L2.4 11L1 9.6L4.6 6Z',
} as const

export type StateIconName = keyof typeof PATHS

/** The icon of a state; the word beside it says the same. */
export function createStateIcon(): { readonly root: SVGSVGElement; show(name: StateIconName): void } {
  const root = document.createElementNS(SVG, 'svg')
  root.setAttribute('viewBox', '0 0 12 12')
  root.setAttribute('class', 'state-icon')
  root.setAttribute('aria-hidden', 'true')
  const path = document.createElementNS(SVG, 'path')
  path.setAttribute('fill', 'currentColor')
  path.setAttribute('fill-rule', 'evenodd')
  root.append(path)
  let shown: StateIconName | null = null

  return { root, show }

  function show(name: StateIconName): void {
    if (name === shown) return
    shown = name
    path.setAttribute('d', PATHS[name])
  }
}
