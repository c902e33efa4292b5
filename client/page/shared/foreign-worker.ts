import { labUrl } from './address.ts'
import { reloadOnce } from './reload.ts'

/**
 * The lab has no service worker. One that controls this page was left at this address by another project, and answers
 * some of the page's requests. It is removed and the page reloaded, unless it belongs to a site of which the lab is only
 * a folder: then it stays, and the answer is `standing`.
 */
export async function dismissForeignWorker(): Promise<'none' | 'leaving' | 'standing'> {
  // Missing on the plain HTTP of a classroom, where no page could have installed one either.
  const workers = 'serviceWorker' in navigator ? navigator.serviceWorker : null
  if (workers === null || workers.controller === null) return 'none'
  const registration = await workers.getRegistration().catch(() => undefined)
  if (registration === undefined || !registration.scope.startsWith(labUrl('/').href)) return 'standing'
  await registration.unregister()
  return reloadOnce(`worker ${registration.active?.scriptURL}`) ? 'leaving' : 'standing'
}
