"""All that programs ask about releases, below /portal/v1/."""

from ninja import Router

from release.api import catalogue, links, reports

router = Router()
router.add_router("", catalogue.router)
router.add_router("", links.router)
router.add_router("", reports.router)
