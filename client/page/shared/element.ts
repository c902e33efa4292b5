type Attributes = Readonly<Record<string, string | number | boolean>>

/**
 * Makes an element. Children that are strings become text nodes, so nothing that came over the wire can turn
 * into markup. `true` sets an empty attribute, `false` leaves it out.
 */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false) continue
    made.setAttribute(name, value === true ? '' : String(value))
  }
  made.append(...children)
  return made
}

/** Writes only what changed: five writes a second of the same words would wake screen readers and layout. */
export function setText(target: Node, text: string): void {
  if (target.textContent !== text) target.textContent = text
}

export function setData(target: HTMLElement, name: string, value: string | number): void {
  const text = String(value)
  if (target.dataset[name] !== text) target.dataset[name] = text
}
