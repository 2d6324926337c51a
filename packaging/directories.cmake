# SPDX-License-Identifier: Apache-2.0
# Between installing and packing: directories are open to read whatever the umask of who packs (CMake's
# CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS goes through the umask).
file(CHMOD_RECURSE ${CPACK_TEMPORARY_DIRECTORY} DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
