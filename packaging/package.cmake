# What `cmake --install` and the Debian package (./dev package) hold: the program, its licence, its reference pages.
include(GNUInstallDirs)
install(TARGETS sekisho RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES README.md LICENSE docs/labels.md docs/settings.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/sekisho)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME sekisho)
set(CPACK_PACKAGE_VENDOR "the Sekisho developers")
set(CPACK_PACKAGE_CONTACT "the Sekisho developers <sekisho@localhost.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "finds botnet scans, floods and infections in network traffic")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)  # the libraries' packages and versions, from the binary itself
include(CPack)
