/** A report as data, so that Markdown and HTML say the same. Text is plain: each renderer escapes it its own way. */
import type { Technique } from '../../server/protocol/techniques.ts'

export type Block =
  | { readonly kind: 'heading'; readonly level: 1 | 2 | 3; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  /** Numbered from 1, as the cells refer to them. */
  | { readonly kind: 'notes'; readonly items: readonly string[] }
  | Table
  | Chart
  | Curve

export interface Table {
  readonly kind: 'table'
  readonly columns: readonly string[]
  /** The first cell of each row names it. */
  readonly rows: readonly (readonly Content[])[]
  /** Numbers are set to the right, words to the left. */
  readonly cells: 'numbers' | 'words'
}

/** What stands in one cell: words, a figure, or a sentence of both. */
export type Content = string | Cell | readonly (string | Cell)[]

/** A figure with what must be known beside it. */
export interface Cell {
  readonly text: string
  /** The notes that speak about it. */
  readonly notes: readonly number[]
  /** More, for whoever points at it: the interval, the number of trials. */
  readonly title: string
}

/** Bars with the spread over trials as a whisker. Drawn in HTML; in Markdown the table beside it says the same. */
export interface Chart {
  readonly kind: 'chart'
  readonly title: string
  readonly unit: string
  readonly bars: readonly Bar[]
}

export interface Bar {
  readonly technique: Technique
  /** Place on the swept axis; empty where nothing is swept. */
  readonly at: string
  readonly value: number
  readonly low: number | null
  readonly high: number | null
  /** The value with its mark. */
  readonly label: string
}

/** Latency over 1 ÷ (1 − p). Drawn in HTML; in Markdown the table beside it names the percentiles. */
export interface Curve {
  readonly kind: 'curve'
  readonly title: string
  readonly unit: string
  readonly lines: readonly Line[]
}

export interface Line {
  readonly technique: Technique
  /** In order; `oneIn` is 1 ÷ (1 − p), so 100 for the 99th percentile. */
  readonly points: readonly { readonly oneIn: number; readonly value: number }[]
}
