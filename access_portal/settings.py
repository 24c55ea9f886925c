"""All settings, read from the environment; a bad or missing value stops start-up and names the variable.

Every variable can also be given as NAME_FILE, a path whose content is the value (for mounted secrets).
"""

import logging
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from environs import FileAwareEnv, validate

from access_portal.accounts.orcid.addresses import check_domain, site_of
from access_portal.origins import origin_of
from access_portal.receipts.keys import read_private_key, read_public_keys
from access_portal.wiring import (  # noqa: F401 - settings like those below
    CLOCK_JOBS,
    PERSONAL_DATA,
    PERSONAL_ERASURE,
    PERSONAL_HOLDS,
)

env = FileAwareEnv()
ROOT = Path(__file__).resolve().parent.parent

# Identity of this installation
SECRET_KEY = env.str("GATEHOUSE_SECRET_KEY")
BASE_URL = env.str("GATEHOUSE_BASE_URL").rstrip("/")
SITE_NAME = env.str("GATEHOUSE_SITE_NAME", "Gatehouse")
DEBUG = env.bool("GATEHOUSE_DEBUG", False)
# A demonstration shows its passwords on a page, so it may only be served to this machine.
DEMO = env.bool("GATEHOUSE_DEMO", False)
if DEMO and urlsplit(BASE_URL).hostname not in {"127.0.0.1", "localhost", "::1"}:
    raise ValueError(
        "GATEHOUSE_DEMO is on, so GATEHOUSE_BASE_URL must be a loopback address such as http://127.0.0.1:8000"
    )
HTTPS = BASE_URL.startswith("https://")
ALLOWED_HOSTS = [urlsplit(BASE_URL).hostname or "", *env.list("GATEHOUSE_ALLOWED_HOSTS", [])]
CSRF_TRUSTED_ORIGINS = [BASE_URL]
# How many proxies in front append to X-Forwarded-For; 0 means that the header is not believed.
TRUSTED_PROXIES = env.int("GATEHOUSE_TRUSTED_PROXIES", 0)
# The same for the address in the log: what stands further left than our own proxies, the client wrote itself.
IPWARE_META_PRECEDENCE_ORDER = ["HTTP_X_FORWARDED_FOR", "REMOTE_ADDR"] if TRUSTED_PROXIES else ["REMOTE_ADDR"]
IPWARE_META_PROXY_COUNT, IPWARE_STRICT = max(0, TRUSTED_PROXIES - 1), False

INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "django_structlog",
    "access_portal",
    "access_portal.site",
    "access_portal.accounts",
    "access_portal.accounts.orcid",
    "access_portal.accounts.devices",
    "access_portal.audit",
    "access_portal.outbox",
    "access_portal.licences",
    "access_portal.receipts",
    "access_portal.questionnaires",
    "access_portal.applications",
    "access_portal.references",
    "access_portal.grants",
    "access_portal.reports",
    "access_portal.api",
    "access_portal.privacy",
    "access_portal.office",
    "release",
    "inference_worker",
    *(["demo"] if DEMO else []),
]

MIDDLEWARE = [
    "access_portal.site.middleware.LivenessMiddleware",
    "access_portal.addresses.SoundAddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "access_portal.accounts.private_pages.PrivatePagesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "access_portal.accounts.middleware.StaffMfaMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "access_portal.problems.ProblemMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "access_portal.urls"
ASGI_APPLICATION = "access_portal.asgi.application"
APPEND_SLASH = True  # pages end in a slash; no API route does, so none is ever redirected

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "access_portal" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "access_portal.context.site",
            ],
        },
    }
]

# Database: SQLite for one machine, PostgreSQL for more
DATABASES = {"default": env.dj_db_url("GATEHOUSE_DATABASE_URL")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; "
        "PRAGMA recursive_triggers=ON;",  # else INSERT OR REPLACE removes a row behind the back of its triggers
    }
else:
    # Each request of an ASGI server has a thread of its own, so only a pool saves it a connection of its own.
    DATABASE_POOL = env.int("GATEHOUSE_DATABASE_POOL", 16, validate=lambda n: 1 <= n <= 200)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        pool={"min_size": 1, "max_size": DATABASE_POOL, "timeout": 20},
        # A query that comes again is planned once for each connection: a third less work for a download link. Behind
        # PgBouncer this takes one that knows prepared statements (1.21, max_prepared_statements).
        server_side_binding=True,
        prepare_threshold=5,
    )
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis: hints between processes, rate limits; nothing that must survive
REDIS_URL = env.str("GATEHOUSE_REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.str("GATEHOUSE_CACHE_URL", REDIS_URL),
    }
}

# Celery
CELERY_BROKER_URL = env.str("GATEHOUSE_BROKER_URL", REDIS_URL)
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "control"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "max_retries": 1,
    "interval_start": 0,
}

# Object store. The signer may be given credentials of its own that can only read the weights.
S3_ENDPOINT_URL = env.str("GATEHOUSE_S3_ENDPOINT_URL", None)
S3_PUBLIC_ENDPOINT_URL = env.str("GATEHOUSE_S3_PUBLIC_ENDPOINT_URL", S3_ENDPOINT_URL)
S3_REGION = env.str("GATEHOUSE_S3_REGION", "us-east-1")
S3_ACCESS_KEY = env.str("GATEHOUSE_S3_ACCESS_KEY")
S3_SECRET_KEY = env.str("GATEHOUSE_S3_SECRET_KEY")
S3_SIGNER_ACCESS_KEY = env.str("GATEHOUSE_S3_SIGNER_ACCESS_KEY", S3_ACCESS_KEY)
S3_SIGNER_SECRET_KEY = env.str("GATEHOUSE_S3_SIGNER_SECRET_KEY", S3_SECRET_KEY)
S3_WEIGHTS_BUCKET = env.str("GATEHOUSE_S3_WEIGHTS_BUCKET", "gatehouse-weights")
S3_JOBS_BUCKET = env.str("GATEHOUSE_S3_JOBS_BUCKET", "gatehouse-jobs")
# How long staging and checks of the store wait after each answer that does not come, before they give up
STORE_RETRY_SECONDS = env.list("GATEHOUSE_STORE_RETRY_SECONDS", [1, 2, 4, 8, 15, 30, 30, 30], subcast=float)
# How much of published releases the clock reads again each day (UTC), to find what the store lost or altered
STORE_CHECK_BYTES_PER_DAY = env.int("GATEHOUSE_STORE_CHECK_BYTES_PER_DAY", 50 * 10**9, validate=lambda n: n >= 0)
DOWNLOAD_URL_SECONDS = env.int("GATEHOUSE_DOWNLOAD_URL_SECONDS", 900, validate=lambda n: 1 <= n <= 900)
# Of one grant and day (UTC), unless the grant has a figure of its own: a family of 240 GB in both layouts, twice.
DOWNLOAD_BYTES_PER_DAY = env.int("GATEHOUSE_DOWNLOAD_BYTES_PER_DAY", 10**12, validate=lambda n: n >= 1)
# Who signs download links: the store, or CloudFront with the weights bucket as its origin
DOWNLOAD_SIGNER = env.str("GATEHOUSE_DOWNLOAD_SIGNER", "s3", validate=validate.OneOf(["s3", "cloudfront"]))
CLOUDFRONT_URL = env.str("GATEHOUSE_CLOUDFRONT_URL", "").rstrip("/")
CLOUDFRONT_KEY_PAIR_ID = env.str("GATEHOUSE_CLOUDFRONT_KEY_PAIR_ID", "")
CLOUDFRONT_PRIVATE_KEY = env.str("GATEHOUSE_CLOUDFRONT_PRIVATE_KEY", "")
if DOWNLOAD_SIGNER == "cloudfront" and not (CLOUDFRONT_URL and CLOUDFRONT_KEY_PAIR_ID and CLOUDFRONT_PRIVATE_KEY):
    raise ValueError(
        "GATEHOUSE_DOWNLOAD_SIGNER is cloudfront, so GATEHOUSE_CLOUDFRONT_URL, GATEHOUSE_CLOUDFRONT_KEY_PAIR_ID and "
        "GATEHOUSE_CLOUDFRONT_PRIVATE_KEY must be given"
    )
DOWNLOAD_ORIGIN = CLOUDFRONT_URL if DOWNLOAD_SIGNER == "cloudfront" else S3_PUBLIC_ENDPOINT_URL
if DOWNLOAD_ORIGIN and origin_of(DOWNLOAD_ORIGIN) == origin_of(BASE_URL):
    where = "GATEHOUSE_CLOUDFRONT_URL" if DOWNLOAD_SIGNER == "cloudfront" else "GATEHOUSE_S3_PUBLIC_ENDPOINT_URL"
    raise ValueError(
        f"{where} must have another host or port than GATEHOUSE_BASE_URL: Hub clients take their token along to a link "
        "that stays at one address"
    )

# Batch inference
MODEL_CACHE_DIR = Path(env.str("GATEHOUSE_MODEL_CACHE_DIR", str(ROOT / ".gatehouse" / "models")))
ENGINE_DEVICE = env.str("GATEHOUSE_ENGINE_DEVICE", "cpu")
ENGINE_DTYPE = env.str("GATEHOUSE_ENGINE_DTYPE", "float32")
ENGINE_WEIGHTS = env.str("GATEHOUSE_ENGINE_WEIGHTS", "full", validate=lambda form: form in ("full", "int8", "int4"))
ENGINE_REQUESTS = env.int("GATEHOUSE_ENGINE_REQUESTS", 64, validate=lambda n: 1 <= n <= 512)
ENGINE_KV_BYTES = int(env.float("GATEHOUSE_ENGINE_KV_GB", 4, validate=lambda n: 0 < n < 10_000) * 10**9)
ENGINE_STUCK_SECONDS = env.int("GATEHOUSE_ENGINE_STUCK_SECONDS", 300, validate=lambda n: n >= 1)
LEASE_SECONDS = env.int("GATEHOUSE_LEASE_SECONDS", 60)
HEARTBEAT_SECONDS = env.int("GATEHOUSE_HEARTBEAT_SECONDS", 15)
MAX_FILE_BYTES = env.int("GATEHOUSE_MAX_FILE_BYTES", 100 * 1024 * 1024)
MAX_BATCH_LINES = env.int("GATEHOUSE_MAX_BATCH_LINES", 50_000)
MAX_LINE_BYTES = env.int("GATEHOUSE_MAX_LINE_BYTES", 1024 * 1024)
CHUNK_COST_TOKENS = env.int("GATEHOUSE_CHUNK_COST_TOKENS", 8_192)
REQUESTS_PER_MINUTE = env.int("GATEHOUSE_REQUESTS_PER_MINUTE", 6_000)  # of one person to the API
# Of one token to the Hub door; a snapshot costs one for each of its files, eight at a time
HUB_REQUESTS_PER_5_MINUTES = env.int("GATEHOUSE_HUB_REQUESTS_PER_5_MINUTES", 5_000, validate=lambda n: n >= 1_000)
COMPLETION_WAIT_SECONDS = env.int("GATEHOUSE_COMPLETION_WAIT_SECONDS", 290)

# Review: how long a decision can be taken back; its mail waits that long
UNDO_SECONDS = env.int("GATEHOUSE_UNDO_SECONDS", 60, validate=lambda n: 0 <= n <= 3600)

# Whether a decider who accepts through the Hub protocol says by it that the checklist of the case was gone by
HUB_ACCEPT_TICKS = env.bool("GATEHOUSE_HUB_ACCEPT_TICKS", False)

# People and sign-in
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "access_portal.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*", "password2*"]
ACCOUNT_SIGNUP_FORM_CLASS = "access_portal.accounts.forms.SignupForm"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = False
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_USERNAME_MIN_LENGTH = 3
ACCOUNT_USERNAME_BLACKLIST = ["admin", "root", "gatehouse", "api", "v1"]
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # before addresses change: a browser may be borrowed
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a change of password, address or second factor is told by mail
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES  # whose limits count by address
# Signing in with ORCID: credentials of a client registered there, none of which means that it is offered nowhere
ORCID_CLIENT_ID = env.str("GATEHOUSE_ORCID_CLIENT_ID", "")
ORCID_CLIENT_SECRET = env.str("GATEHOUSE_ORCID_CLIENT_SECRET", "")
ORCID_DOMAIN = env.str("GATEHOUSE_ORCID_DOMAIN", "orcid.org", validate=check_domain)
if bool(ORCID_CLIENT_ID) != bool(ORCID_CLIENT_SECRET):
    raise ValueError("GATEHOUSE_ORCID_CLIENT_ID and GATEHOUSE_ORCID_CLIENT_SECRET belong together: give both or none")
SOCIALACCOUNT_ADAPTER = "access_portal.accounts.orcid.adapter.SocialAccountAdapter"
SOCIALACCOUNT_FORMS = {"signup": "access_portal.accounts.orcid.forms.OrcidSignupForm"}
SOCIALACCOUNT_AUTO_SIGNUP = False  # ORCID proves no e-mail address, and everybody here has a proven one
SOCIALACCOUNT_EMAIL_VERIFICATION = "mandatory"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = False
SOCIALACCOUNT_LOGIN_ON_GET = SOCIALACCOUNT_STORE_TOKENS = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = SITE_NAME
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"

# Mail: everything leaves through the outbox
EMAIL_BACKEND = env.str("GATEHOUSE_EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
EMAIL_FILE_PATH = env.str("GATEHOUSE_EMAIL_FILE_PATH", str(ROOT / ".gatehouse" / "mail"))
EMAIL_HOST = env.str("GATEHOUSE_EMAIL_HOST", "localhost")
EMAIL_PORT = env.int("GATEHOUSE_EMAIL_PORT", 25)
EMAIL_HOST_USER = env.str("GATEHOUSE_EMAIL_USER", "")
EMAIL_HOST_PASSWORD = env.str("GATEHOUSE_EMAIL_PASSWORD", "")
EMAIL_USE_TLS = env.bool("GATEHOUSE_EMAIL_TLS", False)
EMAIL_TIMEOUT = 20  # seconds; a server that hangs must not hold up the mail behind
DEFAULT_FROM_EMAIL = env.str("GATEHOUSE_FROM_EMAIL", "gatehouse@localhost")
REPLY_TO = env.str("GATEHOUSE_REPLY_TO", "", validate=lambda text: not text or validate.Email()(text))

# Webhooks go to public addresses only, unless a laboratory keeps its receivers in a private network
WEBHOOK_ALLOW_PRIVATE = env.bool("GATEHOUSE_WEBHOOK_ALLOW_PRIVATE", False)

# Receipts of grants: the key that signs them, none of which means no receipts, and the public keys of earlier times
RECEIPT_KEY = read_private_key(env.str("GATEHOUSE_RECEIPT_KEY", ""), "GATEHOUSE_RECEIPT_KEY")
RECEIPT_OLD_KEYS = read_public_keys(env.str("GATEHOUSE_RECEIPT_OLD_KEYS", ""), "GATEHOUSE_RECEIPT_OLD_KEYS")

# Releases: the key that signs their manifests, none of which means that nothing can be published, the public keys of
# earlier times, and whether publishing takes somebody else than staging
RELEASE_KEY = read_private_key(env.str("GATEHOUSE_RELEASE_KEY", ""), "GATEHOUSE_RELEASE_KEY")
RELEASE_OLD_KEYS = read_public_keys(env.str("GATEHOUSE_RELEASE_OLD_KEYS", ""), "GATEHOUSE_RELEASE_OLD_KEYS")
RELEASE_TWO_PEOPLE = env.bool("GATEHOUSE_RELEASE_TWO_PEOPLE", False)

# Browser security
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        # A download form on our page is answered by a redirect to the object store, which form-action also governs.
        # The button of ORCID likewise.
        "form-action": [
            SELF,
            *([DOWNLOAD_ORIGIN] if DOWNLOAD_ORIGIN else ["https:"]),
            *([site_of(ORCID_DOMAIN)] if ORCID_CLIENT_ID else []),
        ],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]

# Language and time
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ms", "Bahasa Melayu")]
LOCALE_PATHS = [ROOT / "access_portal" / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = "UTC"

# Static files
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("GATEHOUSE_STATIC_ROOT", str(ROOT / ".gatehouse" / "static")))
STATICFILES_DIRS = [ROOT / "access_portal" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": env.str("GATEHOUSE_STATICFILES", "whitenoise.storage.CompressedManifestStaticFilesStorage")
    },
}
WHITENOISE_USE_FINDERS = DEBUG

LOG_LEVEL = env.log_level("GATEHOUSE_LOG_LEVEL", logging.INFO)
LOGGING_CONFIG = "access_portal.logs.configure"
LOGGING = {"level": LOG_LEVEL}
