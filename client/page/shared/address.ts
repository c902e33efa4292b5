/**
 * The folder that the page was loaded from, with a slash at the end: `/` or, behind a proxy that gives the lab a path of
 * its own, that path. Every address of the page starts here.
 */
export function baseOf(documentUrl: string): URL {
  return new URL('.', documentUrl)
}

/** The lab's own address of a `/path`, wherever the lab is mounted. */
export function labUrl(path: string, documentUrl = document.baseURI): URL {
  return new URL(`.${path}`, baseOf(documentUrl))
}

/** What comes before an endpoint when the lanes use the page's own origin: no slash at the end. */
export function pageOrigin(documentUrl = document.baseURI): string {
  return labUrl('/', documentUrl).href.replace(/\/$/, '')
}
