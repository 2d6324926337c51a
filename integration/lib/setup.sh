# SPDX-License-Identifier: Apache-2.0
# Shared by tests/run and integration/quickstart: packages and builds. Sourced at the top of the clone.
# shellcheck shell=bash

build_packages=(g++ cmake ninja-build pkg-config libseccomp-dev libcap-dev nlohmann-json3-dev libcli11-dev)
runtime_packages=(runc busybox-static python3)
# libFuzzer comes with the compiler's runtime libraries.
fuzz_packages=(clang llvm libclang-rt-dev)
# Go's reader of JSON, and the specification's types.
differential_packages=(golang-go golang-github-opencontainers-specs-dev)
test_packages=("${runtime_packages[@]}" crun libgtest-dev libvalijson-dev docker.io containerd iptables iproute2
  util-linux mount procps strace binutils docker-compose apparmor podman uidmap rootlesskit
  containernetworking-plugins python3-grpcio mandoc zsh fish mmdebstrap debian-archive-keyring
  "${fuzz_packages[@]}")
# For integration/vm: it makes an image of Debian and boots it.
vm_packages=(mmdebstrap qemu-system-x86 e2fsprogs debian-archive-keyring)
jobs=$(nproc)

heading() { printf '\n== %s\n' "$*"; }

missing() {
  local package
  for package in "$@"; do
    dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || echo "$package"
  done
}

# install_packages PURPOSE PACKAGE...: touches the network only for what is not there.
install_packages() {
  local purpose=$1 wanted
  shift
  mapfile -t wanted < <(missing "$@")
  # Debian 13 has Docker's client and BuildKit's front end in packages of their own.
  if [[ " $* " == *" docker.io "* && ! -x /usr/bin/docker ]]; then
    wanted+=(docker-cli docker-buildx)
  fi
  ((${#wanted[@]})) || return 0
  ((EUID == 0)) || { echo "${0##*/}: needs root to install: ${wanted[*]}" >&2; exit 1; }
  heading "installing for the $purpose: ${wanted[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update
  mapfile -t wanted < <(available "${wanted[@]}")
  apt-get -qq install -y --no-install-recommends "${wanted[@]}" >/dev/null
}

# Optional packages that this release does not have are left out; a required one stays and makes apt say so.
available() {
  local package
  for package in "$@"; do
    case $package in
      docker-cli | docker-buildx) apt-cache show "$package" >/dev/null 2>&1 && echo "$package" ;;
      *) echo "$package" ;;
    esac
  done
}

# build PRESET [CMAKE-OPTION...]
build() {
  local preset=$1
  shift
  heading "building: $preset"
  local launcher=()
  if command -v ccache >/dev/null; then
    launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
    # A second clone finds what the first has compiled.
    export CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
  fi
  cmake --preset "$preset" --log-level=WARNING "${launcher[@]}" "$@" >/dev/null
  cmake --build --preset "$preset" -j "$jobs" -- --quiet
}
