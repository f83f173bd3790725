#!/bin/bash
# The Debian package: it is made from a build, contains what it should, names what it needs, and its program runs from where
# it is unpacked. Without the network; lintian, if it is there, has nothing to say.
#
#   package.sh BUILD-FOLDER SOURCE-FOLDER
set -u
build=$1 source=$2
for c in cpack dpkg-deb dpkg-shlibdeps; do
  command -v $c >/dev/null || {
    echo "SKIP: $c is not installed"
    exit 77
  }
done
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0

complain() {
  printf 'FAIL: %s\n' "$1"
  bad=1
}

# A umask of somebody careful does not show in the package.
(umask 077 && cpack --config "$build/CPackConfig.cmake" -G DEB -B "$dir") >"$dir/log" 2>&1 || {
  cat "$dir/log"
  complain 'cpack'
  exit 1
}
deb=$(find "$dir" -maxdepth 1 -name 'snowglobe_*.deb')
[ -f "$deb" ] || {
  complain 'no package'
  exit 1
}
dpkg-deb -c "$deb" >"$dir/list" || complain 'no list of contents'

# holds MODE PATH
holds() {
  grep -qE "^$1 root/root .* \./$2\$" "$dir/list" || complain "no $2 with $1, root/root"
}
holds drwxr-xr-x usr/
holds -rwxr-xr-x usr/bin/snowglobe
for file in man/man1/snowglobe.1.gz bash-completion/completions/snowglobe zsh/site-functions/_snowglobe \
  fish/vendor_completions.d/snowglobe.fish doc/snowglobe/{copyright,changelog.gz,compat.md,README.md}; do
  holds -rw-r--r-- "usr/share/$file"
done
! grep -vE '^d|^-rwxr-xr-x .* \./usr/bin/snowglobe$|^-rw-r--r-- .* \./usr/share/' "$dir/list" || complain 'other files'

field() { dpkg-deb -f "$deb" "$1"; }
[ "$(field Package)" = snowglobe ] || complain "package $(field Package)"
[ "$("$build/snowglobe" -version)" = "snowglobe $(field Version)" ] || complain "version $(field Version)"
[ "$(field Architecture)" = "$(dpkg --print-architecture)" ] || complain "architecture $(field Architecture)"
# Each library that is loaded is in a package that the field names.
dpkg-deb -x "$deb" "$dir/root" || complain 'it cannot be unpacked'
program=$dir/root/usr/bin/snowglobe
needed=0
while read -r library; do
  needed=$((needed + 1))
  owner=$(dpkg -S "$(basename "$library")" | sed -n 's/:.*//p' | sort -u)
  found=0
  for package in $owner; do
    case " $(field Depends)," in *" $package "* | *" $package,"*) found=1 ;; esac
  done
  [ $found = 1 ] || complain "'$(field Depends)' is without $library"
done < <(objdump -p "$program" | sed -n 's/^ *NEEDED *//p' | grep -v '^ld-linux')
[ $needed -ge 4 ] || complain "$needed libraries"
"$program" -version >/dev/null || complain 'the program does not run'
! objdump -h "$program" | grep -q '\.debug_info' || complain 'it is not stripped'
gzip -dc "$dir/root/usr/share/man/man1/snowglobe.1.gz" | cmp - "$build/docs/snowglobe.1" || complain 'another manual page'
while read -r line; do
  [ -z "$line" ] || grep -qF -- "$line" "$dir/root/usr/share/doc/snowglobe/copyright" || complain "copyright without '$line'"
done < <(sed 1d "$source/LICENSE" | sed 's/^Copyright (c) //')
(cd "$dir/root" && dpkg-deb --ctrl-tarfile "$deb" | tar -xO ./md5sums | md5sum -c --quiet) || complain 'checksums'
if command -v lintian >/dev/null; then
  lint=$(lintian --allow-root --fail-on none --tag-display-limit 0 "$deb" 2>/dev/null | grep '^[EW]:')
  [ -z "$lint" ] || complain "lintian: $lint"
fi
exit $bad
