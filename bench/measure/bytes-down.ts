import type { Traffic } from '../../server/protocol/api.ts'

/** All that the server sent. */
export function bytesDown({ payloadBytesOut, framingBytesOut, headerBytesOut }: Traffic): number {
  return payloadBytesOut + framingBytesOut + headerBytesOut
}
