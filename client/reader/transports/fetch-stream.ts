import { createFrameDecoder } from './decode.ts'
import { readRefusal } from './refusal.ts'
import { readChunks, readText } from './request.ts'
import { lossBy, type Transport } from './transport.ts'

/** Fetch streaming: *since, then follow*, as lines of JSON in one answer that does not end. */
export const fetchStream: Transport = link => {
  const { environment, signal } = link
  const { fetch, now } = environment
  const decode = createFrameDecoder()
  /** The line that has begun and not ended, in pieces: joined once, so that a long line takes linear time. */
  let pieces: string[] = []

  link.requestStarted()
  void follow()
  return {}

  async function follow(): Promise<void> {
    try {
      const response = await fetch(link.address(), { cache: 'no-store', signal })
      link.bytesReceived()
      if (!response.ok) {
        return link.ended(readRefusal(response, await readText(response, link.bytesReceived), now()))
      }
      // A proxy's page may not end, so it is not read. The signal ends it.
      if (!isNdjson(response)) return link.ended(lossBy('broken'))
      for await (const text of readChunks(response, link.bytesReceived)) takeChunk(text)
    } catch {
      // No connection, or one that was cut: as when the body ends.
    }
    link.ended(lossBy('unreachable'))
  }

  /** A chunk is not a message: it may end anywhere in a line, and hold any number of them. */
  function takeChunk(text: string): void {
    const receivedAt = now()
    const [end = '', ...lines] = text.split('\n')
    pieces.push(end)
    for (const line of lines) {
      takeLine(pieces.join(''), receivedAt)
      pieces = [line]
    }
  }

  function takeLine(line: string, receivedAt: number): void {
    const frame = decode(line)
    if (frame === null) link.ended(lossBy('broken'))
    else if (frame.kind === 'event') link.events([frame.event], frame.epoch, receivedAt)
    else if (frame.kind === 'control') link.control(frame.control)
  }
}

function isNdjson({ headers }: Response): boolean {
  return headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase() === 'application/x-ndjson'
}
