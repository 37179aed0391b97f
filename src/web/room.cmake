# The room web: the page is built by npm and embedded with the description of the interface.
option(SEKISHO_PAGE "Build the dashboard's page (needs Node 18 or later and npm)" ON)
enable_language(ASM)
set(SEKISHO_PAGE_BUNDLE ${CMAKE_BINARY_DIR}/page.bundle)
set(SEKISHO_OPENAPI ${CMAKE_SOURCE_DIR}/src/web/openapi.json)
configure_file(${CMAKE_SOURCE_DIR}/src/web/assets.S.in ${CMAKE_BINARY_DIR}/assets.S @ONLY)
configure_file(${CMAKE_SOURCE_DIR}/src/web/openapi.S.in ${CMAKE_BINARY_DIR}/openapi.S @ONLY)
if(SEKISHO_PAGE AND NOT SEKISHO_FUZZ)
  find_program(NPM npm)
  if(NOT NPM)
    message(FATAL_ERROR "The dashboard's page needs Node 18 or later and npm: apt-get install nodejs npm. Without the page: -DSEKISHO_PAGE=OFF")
  endif()
  file(GLOB_RECURSE page_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/src/* ${CMAKE_SOURCE_DIR}/web/public/*)
  add_custom_command(OUTPUT ${SEKISHO_PAGE_BUNDLE}
    COMMAND ${CMAKE_SOURCE_DIR}/tools/build-page ${CMAKE_BINARY_DIR}/page ${SEKISHO_PAGE_BUNDLE}
    DEPENDS ${page_sources} ${CMAKE_SOURCE_DIR}/tools/build-page ${CMAKE_SOURCE_DIR}/web/bundle.mjs ${CMAKE_SOURCE_DIR}/web/index.html
            ${CMAKE_SOURCE_DIR}/web/package-lock.json ${CMAKE_SOURCE_DIR}/web/vite.config.ts ${CMAKE_SOURCE_DIR}/web/svelte.config.js
    COMMENT "Building the dashboard's page" VERBATIM)
else()
  file(WRITE ${SEKISHO_PAGE_BUNDLE} "\n")
endif()
set_source_files_properties(${CMAKE_BINARY_DIR}/assets.S PROPERTIES OBJECT_DEPENDS ${SEKISHO_PAGE_BUNDLE})
set_source_files_properties(${CMAKE_BINARY_DIR}/openapi.S PROPERTIES OBJECT_DEPENDS ${SEKISHO_OPENAPI})
