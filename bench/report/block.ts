/** A report as data, so that Markdown and HTML say the same. Text is plain: each renderer escapes it its own way. */
import type { Technique } from '../../server/protocol.ts'

export type Block =
  | { readonly kind: 'heading'; readonly level: 1 | 2 | 3; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | {
      readonly kind: 'table'
      readonly columns: readonly string[]
      /** The first cell of each row names it. */
      readonly rows: readonly (readonly string[])[]
      /** Numbers are set to the right, words to the left. */
      readonly cells: 'numbers' | 'words'
    }
  | Chart

/** Bars with the spread over trials as a whisker. Drawn in HTML; in Markdown the table beside it says the same. */
export interface Chart {
  readonly kind: 'chart'
  readonly title: string
  readonly unit: string
  readonly bars: readonly Bar[]
}

export interface Bar {
  readonly technique: Technique
  readonly value: number
  readonly low: number | null
  readonly high: number | null
}
