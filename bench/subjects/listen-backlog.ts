/** That of the server (`server/listen.ts`): what is compared with it accepts as many at once. */
export const LISTEN_BACKLOG = 4096
