# apt with a state of its own under the cache folder, for packages that are fetched and never installed.
# Needs common.sh. Nothing is added to the system, and any architecture will do.
# shellcheck shell=bash

# apt_prepare ARCHITECTURE: makes that state. Sets apt_home (its folder), apt_arch and apt_conf (the
# configuration, for `apt-get -c`).
apt_prepare() {
  apt_arch=$1
  apt_home=$(cache_dir)/apt/$apt_arch || exit 1
  apt_conf=$apt_home/apt.conf
  mkdir -p "$apt_home/state/lists/partial" "$apt_home/cache/archives/partial" || exit 1
  : >"$apt_home/status"
  # Read after the system's own configuration: sources, keys and proxies stay as they are. The
  # hooks are the system's business, not ours, and indexes that nobody reads here are left out.
  cat >"$apt_conf.new" <<CONF
APT::Architecture "$apt_arch";
#clear APT::Architectures;
APT::Architectures { "$apt_arch"; };
APT::Sandbox::User "";
Dir::State "$apt_home/state/";
Dir::State::status "$apt_home/status";
Dir::Cache "$apt_home/cache/";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::CNF::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
CONF
  mv "$apt_conf.new" "$apt_conf"
}

# apt_knows PACKAGE: do the lists have it?
apt_knows() { apt-cache -c "$apt_conf" --no-all-versions show "$1" >/dev/null 2>&1; }

# apt_lists: fetches the lists; the status of `update`.
apt_lists() { apt-get -c "$apt_conf" -qq -o APT::Update::Error-Mode=any update >&2; }
