import type { IncomingMessage, Server, ServerResponse } from 'node:http'

/**
 * Answers `Expect: 100-continue` as late as it can (RFC 9110 §10.1.1): with 100 only when somebody begins to read the
 * body. What the head alone decides is answered with its final status at once, and Node ends the connection with it:
 * whether the client then still sends the body is up to the client, so nobody knows where its next request begins.
 */
export function continueLate(server: Server): void {
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    request.on('newListener', goAhead)
    server.emit('request', request, response)

    function goAhead(event: string | symbol): void {
      if (event !== 'data' || response.headersSent) return
      request.off('newListener', goAhead)
      response.writeContinue()
    }
  })
}
