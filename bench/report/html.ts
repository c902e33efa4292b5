/** One file, no scripts, no requests: it can be kept beside the run and opened years later. */
import type { Cell, Figure, Table } from '../../client/run/table.ts'
import { runText } from '../../client/run/text/en.ts'
import { type Technique, traitsOf } from '../../server/protocol/techniques.ts'
import { type Block, cellText, figureText, flatten } from './block.ts'
import { escapeHtml } from './escape-html.ts'
import { drawBars, drawCurves } from './svg.ts'

/** `techniques`: those of the run, which have a colour. */
export function renderHtml(
  title: string,
  blocks: readonly Block[],
  techniques: readonly Technique[],
): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${styleOf(techniques)}</style>
<main>
${blocks.map(render).join('\n')}
</main>
</html>
`
}

function render(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h${block.level}>${escapeHtml(block.text)}</h${block.level}>`
    case 'paragraph':
      return `<p>${escapeHtml(block.text)}</p>`
    case 'list':
      return `<ul>${block.items.map(item => `<li>${escapeHtml(item)}</li>`).join('')}</ul>`
    case 'table':
      return renderTable(block.table)
    case 'bars':
      return drawBars(block.bars)
    case 'curves':
      return drawCurves(block.curves)
  }
}

function renderTable(table: Table): string {
  const { heads, rows, numeric } = flatten(table)
  const align = (index: number) => (numeric[index] ? ' class="number"' : '')
  const head = heads.some(text => text !== '')
    ? `<thead><tr>${heads.map((text, index) => `<th scope="col"${align(index)}>${escapeHtml(text)}</th>`).join('')}</tr></thead>`
    : ''
  const body = rows.map(({ name, cells }) => {
    const others = cells.map((cell, index) => `<td${align(index + 1)}>${renderCell(table.id, cell)}</td>`)
    return `<tr><th scope="row">${escapeHtml(name)}</th>${others.join('')}</tr>`
  })
  const notes = table.notes.map(
    ({ letter, text }) =>
      `<li id="${escapeHtml(noteId(table.id, letter))}"><b>${letter}</b> ${escapeHtml(text)}</li>`,
  )
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(table.name)}"><table>${head}<tbody>${body.join('')}</tbody></table></div>${
    notes.length === 0
      ? ''
      : `<ul class="notes" aria-label="${escapeHtml(runText.notes)}">${notes.join('')}</ul>`
  }`
}

function renderCell(table: string, cell: Cell): string {
  if (typeof cell === 'string' || !('figures' in cell)) return escapeHtml(cellText(cell))
  return cell.figures.map(figure => renderFigure(table, figure)).join('; ')
}

/** Number of trials and interval appear when the mouse points at the figure. */
function renderFigure(table: string, figure: Figure): string {
  const { notes, trials, interval } = figure
  const links = notes
    .map(({ letter }) => `<a href="#${escapeHtml(noteId(table, letter))}">${letter}</a>`)
    .join(' ')
  const more = [trials, interval].filter(part => part !== null).join(', ')
  const marks = links === '' ? '' : ` <sup>${links}</sup>`
  return `<span title="${escapeHtml(more)}">${escapeHtml(figureText(figure))}${marks}</span>`
}

function noteId(table: string, letter: string): string {
  return `note-${table}-${letter}`
}

function styleOf(techniques: readonly Technique[]): string {
  const colours = (theme: 'light' | 'dark') =>
    techniques.map(name => `--${name}: ${traitsOf(name).colour[theme]};`).join(' ')
  return `
:root { color-scheme: light dark; --ink: #12161C; --muted: #5A6472; --surface: #FFFFFF; --raised: #F6F7F9; ${colours('light')} }
@media (prefers-color-scheme: dark) { :root { --ink: #E8ECF1; --muted: #9AA5B1; --surface: #12161C; --raised: #1B2129; ${colours('dark')} } }
body { margin: 0; background: var(--surface); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 960px; margin: 0 auto; padding: 24px 16px; overflow-wrap: anywhere; }
h1 { font-size: 28px; } h2 { font-size: 20px; margin-top: 40px; } h3 { font-size: 16px; margin-top: 24px; }
.scroll { overflow-x: auto; overflow-wrap: normal; } .muted { color: var(--muted); }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 12px; text-align: left; border-bottom: 1px solid color-mix(in srgb, var(--ink) 12%, transparent); }
thead th { vertical-align: bottom; background: var(--raised); font-weight: 600; }
.number { text-align: right; } td.number, th[scope=row] { white-space: nowrap; }
.notes { padding: 0; list-style: none; font-size: 14px; } .notes b { display: inline-block; min-width: 24px; }
sup { line-height: 0; } a { color: inherit; } li:target { background: var(--raised); }
figure { margin: 16px 0; } figcaption { font-weight: 600; } figcaption .muted { font-weight: 400; }
svg { width: 100%; max-width: 720px; height: auto; }
svg text { fill: var(--ink); font: 14px system-ui, sans-serif; font-variant-numeric: tabular-nums; }
svg .whisker { stroke: var(--ink); stroke-width: 2; fill: none; }
svg .grid { stroke: color-mix(in srgb, var(--ink) 15%, transparent); } svg .end { text-anchor: end; } svg .middle { text-anchor: middle; }
svg polyline { fill: none; stroke-width: 2; stroke-linejoin: round; }
${techniques.map(name => `svg rect.${name}, svg text.${name} { fill: var(--${name}); } svg polyline.${name} { stroke: var(--${name}); }`).join('\n')}
@media print { svg rect { fill: var(--ink); } }
`
}
