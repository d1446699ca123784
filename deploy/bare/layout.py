"""What lies where on the host, and who is who."""

# Runs everything.
USER = "inkstone"
# Owns the releases, and may become USER: `fab` connects as this one for everything but `setup`.
DEPLOYER = "inkstone-deploy"

HOME = "/opt/inkstone"
RELEASES = f"{HOME}/releases"
CURRENT = f"{HOME}/current"
PREVIOUS = f"{HOME}/previous"
# Held by a deployer for as long as the connection; held by a command for as long as it runs, whoever is gone.
DEPLOY_LOCK = f"{HOME}/deploy.lock"
WORK_LOCK = f"{HOME}/work.lock"
STATE = "/var/lib/inkstone"
# What is on its way from or to a deployer; cleared before and after.
TRANSFERS = f"{STATE}/transfers"
LOGS = "/var/log/inkstone"
ETC = "/etc/inkstone"
ENVIRONMENT = f"{ETC}/environment"
CERTIFICATES = f"{ETC}/certificates"
LIBRARY = "/usr/local/lib/inkstone"
RUN = f"{LIBRARY}/run"
SERVICE = "inkstone.service"

# A folder of a release that lacks this file has never served, or was not sound: the next deploy sweeps it away.
SERVED = "served"
KEPT = 5

PACKAGES = (
    "mariadb-client-core",
    "mariadb-server-core",
    "nginx",
    "openssl",
    "python3",
    "python3-venv",
    "sudo",
    "supervisor",
)
