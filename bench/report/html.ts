/** One file, no scripts, no requests: it can be kept beside the run and opened years later. */
import { TECHNIQUES } from '../../server/protocol/techniques.ts'
import type { Block, Cell, Content, Table } from './block.ts'
import { renderChart } from './chart.ts'
import { renderCurve } from './curve.ts'
import { escapeHtml } from './escape-html.ts'

export function renderHtml(title: string, blocks: readonly Block[]): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
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
    case 'notes':
      return `<ol>${block.items.map((item, index) => `<li id="note-${index + 1}">${escapeHtml(item)}</li>`).join('')}</ol>`
    case 'table':
      return renderTable(block)
    case 'chart':
      return renderChart(block)
    case 'curve':
      return renderCurve(block)
  }
}

function renderTable({ columns, rows, cells }: Table): string {
  const head = columns.some(column => column !== '')
    ? `<thead><tr>${columns.map(column => `<th scope="col">${escapeHtml(column)}</th>`).join('')}</tr></thead>`
    : ''
  const body = rows.map(([name = '', ...figures]) => {
    return `<tr><th scope="row">${[name].flat().map(renderPart).join('')}</th>${figures.map(renderCell).join('')}</tr>`
  })
  return `<div class="scroll" tabindex="0"><table class="${cells}">${head}<tbody>${body.join('')}</tbody></table></div>`
}

function renderCell(content: Content): string {
  if (typeof content === 'object' && 'text' in content) {
    return `<td${titleOf(content)}>${renderFigure(content)}</td>`
  }
  return `<td>${[content].flat().map(renderPart).join('')}</td>`
}

/** Of several figures in one cell each has its own words for whoever points at it. */
function renderPart(part: string | Cell): string {
  return typeof part === 'string' ? escapeHtml(part) : `<span${titleOf(part)}>${renderFigure(part)}</span>`
}

function renderFigure({ text, notes }: Cell): string {
  const links = notes.map(number => `<a href="#note-${number}">${number}</a>`).join(' ')
  return `${escapeHtml(text)}${links === '' ? '' : ` <sup>${links}</sup>`}`
}

function titleOf({ title }: Cell): string {
  return title === '' ? '' : ` title="${escapeHtml(title)}"`
}

const STYLE = `
:root { color-scheme: light dark; --ink: #12161C; --muted: #5A6472; --surface: #FFFFFF; --raised: #F6F7F9;
  --poll: #B78438; --long-poll: #79028E; --sse: #055F2A; --websocket: #2D72EE; }
@media (prefers-color-scheme: dark) { :root { --ink: #E8ECF1; --muted: #9AA5B1; --surface: #12161C; --raised: #1B2129;
  --poll: #F0AC04; --long-poll: #D9488A; --sse: #3CF0DC; --websocket: #2092FC; } }
body { margin: 0; background: var(--surface); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 960px; margin: 0 auto; padding: 24px 16px; }
h1 { font-size: 28px; } h2 { font-size: 20px; margin-top: 40px; } h3 { font-size: 16px; margin-top: 24px; }
.scroll { overflow-x: auto; } .muted { color: var(--muted); }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 12px; text-align: right; border-bottom: 1px solid color-mix(in srgb, var(--ink) 12%, transparent); }
th:first-child, .words th, .words td { text-align: left; } thead th { vertical-align: bottom; background: var(--raised); font-weight: 600; }
.numbers td { white-space: nowrap; } sup { line-height: 0; } a { color: inherit; } li:target { background: var(--raised); }
figure { margin: 16px 0; } figcaption { font-weight: 600; }
svg { width: 100%; max-width: 720px; height: auto; }
svg text { fill: var(--ink); font: 14px system-ui, sans-serif; font-variant-numeric: tabular-nums; }
svg .whisker { stroke: var(--ink); stroke-width: 2; fill: none; }
svg .grid { stroke: color-mix(in srgb, var(--ink) 15%, transparent); } svg .end { text-anchor: end; } svg .middle { text-anchor: middle; }
svg polyline { fill: none; stroke-width: 2; stroke-linejoin: round; }
${TECHNIQUES.map(name => `svg rect.${name}, svg text.${name} { fill: var(--${name}); } svg polyline.${name} { stroke: var(--${name}); }`).join('\n')}
@media print { svg rect { fill: var(--ink); } }
`
