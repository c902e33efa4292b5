import { labUrl } from './address.ts'
import { reloadOnce } from './reload.ts'

/**
 * The lab has no service worker: one that controls this page was left at its address by another project, and answers
 * some of its requests. It is removed and the page loaded anew, unless it belongs to a site that the lab is only a
 * folder of. `standing` where it goes on.
 */
export async function dismissForeignWorker(): Promise<'none' | 'leaving' | 'standing'> {
  // Not there on the plain HTTP of a classroom, where no page could have left one either.
  const workers = 'serviceWorker' in navigator ? navigator.serviceWorker : null
  if (workers === null || workers.controller === null) return 'none'
  const registration = await workers.getRegistration().catch(() => undefined)
  if (registration === undefined || !registration.scope.startsWith(labUrl('/').href)) return 'standing'
  await registration.unregister()
  return reloadOnce(`worker ${registration.active?.scriptURL}`) ? 'leaving' : 'standing'
}
