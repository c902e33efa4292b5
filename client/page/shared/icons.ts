const SVG = 'http://www.w3.org/2000/svg'

/** What a lane is doing. Drawn, not written: ◔ and ⏸ are missing from many fonts, and some show them as emoji. */
const STATE_PATHS = {
  waiting: 'M6 1A5 5 0 1 1 6 11A5 5 0 1 1 6 1ZM6 2.5A3.5 3.5 0 1 0 6 9.5A3.5 3.5 0 1 0 6 2.5Z',
  requesting:
    'M6 1A5 5 0 1 1 6 11A5 5 0 1 1 6 1ZM6 2.5A3.5 3.5 0 1 0 6 9.5A3.5 3.5 0 1 0 6 2.5ZM6 2V6H10A4 4 0 0 0 6 2Z',
  holding: 'M2.5 1.5H5V10.5H2.5ZM7 1.5H9.5V10.5H7Z',
  open: 'M6 1.5A4.5 4.5 0 1 1 6 10.5A4.5 4.5 0 1 1 6 1.5Z',
  broken: 'M1 2.4L2.4 1L6 4.6L9.6 1L11 2.4L7.4 6L11 9.6L9.6 11L6 7.4L2.4 11L1 9.6L4.6 6Z',
} as const

export type StateIconName = keyof typeof STATE_PATHS

export interface Icon {
  readonly root: SVGSVGElement
  /** @param path fills a box of 12 × 12 */
  show(path: string): void
}

/** A small picture. The word beside it says the same, so screen readers skip it. */
export function createIcon(className: string, fill = 'currentColor'): Icon {
  const root = document.createElementNS(SVG, 'svg')
  root.setAttribute('viewBox', '0 0 12 12')
  root.setAttribute('class', className)
  root.setAttribute('aria-hidden', 'true')
  const shape = document.createElementNS(SVG, 'path')
  shape.setAttribute('fill', fill)
  shape.setAttribute('fill-rule', 'evenodd')
  root.append(shape)
  let shown = ''

  return { root, show }

  function show(path: string): void {
    if (path === shown) return
    shown = path
    shape.setAttribute('d', path)
  }
}

export function createStateIcon(): { readonly root: SVGSVGElement; show(name: StateIconName): void } {
  const icon = createIcon('state-icon')
  return { root: icon.root, show: name => icon.show(STATE_PATHS[name]) }
}
