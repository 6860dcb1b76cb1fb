# shellcheck shell=bash disable=SC2154,SC2034,SC2016 # variables of the script that sources this
# What this machine needs to reach apt's and npm's servers, so that a chroot reaches them, too. Sourced by ../matrix.

# machine_settings: writes them to $run/machine, which becomes /run/machine: never to a layer that is kept.
machine_settings() {
  local to=$run/machine file name
  mkdir -p "$to"
  : >"$to/environment"
  for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    [ -z "${!name:-}" ] || printf '%s=%q\n' "$name" "${!name}" >>"$to/environment"
  done
  if command -v npm >/dev/null; then
    for file in "$(npm config get globalconfig)" "$(npm config get userconfig)"; do
      [ ! -r "$file" ] || { cat "$file"; echo; }
    done >"$to/npmrc"
    echo NPM_CONFIG_GLOBALCONFIG=/run/machine/npmrc >>"$to/environment"
  fi
  for file in "${NODE_EXTRA_CA_CERTS:-}" "$(npm config get cafile 2>/dev/null)"; do
    [ ! -f "$file" ] || cat "$file"
  done >"$to/certificates.pem"
  if [ -s "$to/certificates.pem" ]; then
    echo NODE_EXTRA_CA_CERTS=/run/machine/certificates.pem
    echo npm_config_cafile=/run/machine/certificates.pem
  fi >>"$to/environment"
}

# machine_mirror: the first Debian mirror that this machine's apt uses, or Debian's own.
machine_mirror() {
  local mirror
  # shellcheck disable=SC2016 # apt's own variables
  mirror=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    sed -n 's/^Debian //p' | grep -v -m 1 security || true)
  echo "${mirror:-http://deb.debian.org/debian/}"
}

# machine_apt: this machine's way to its mirrors, as lines of apt.conf.
machine_apt() {
  apt-config dump | grep -E '^Acquire::(http|https|Retries|ForceIPv|Check-)' || true
}
