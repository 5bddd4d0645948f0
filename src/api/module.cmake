# The pages that the server carries in itself: what a browser gets at /, and /docs without internet.
set(CHAT_WEB_FILES
  "/index.html|${CMAKE_SOURCE_DIR}/web/start/index.html"
  "/docs|${CMAKE_SOURCE_DIR}/web/docs/index.html"
  "/docs/docs.css|${CMAKE_SOURCE_DIR}/web/docs/docs.css"
  "/docs/docs.js|${CMAKE_SOURCE_DIR}/web/docs/docs.js"
  "/docs/icon.svg|${CMAKE_SOURCE_DIR}/web/docs/icon.svg"
  "/docs/swagger-ui.css|@swagger-ui-dist/swagger-ui.css"
  "/docs/swagger-ui-bundle.js|@swagger-ui-dist/swagger-ui-bundle.js"
  "/docs/swagger-ui.LICENSE.txt|@swagger-ui-dist/LICENSE"
  "/docs/swagger-ui-bundle.js.LICENSE.txt|@swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt")

set(web_out ${CMAKE_BINARY_DIR}/generated/web)
file(GLOB web_sources CONFIGURE_DEPENDS web/docs/* web/start/*)
add_custom_command(OUTPUT ${web_out}/web_assets.S ${web_out}/web_assets.cpp
  COMMAND ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR} -DGENERATED=${web_out} -DOUT_S=${web_out}/web_assets.S
    -DOUT_CPP=${web_out}/web_assets.cpp "-DFILES=${CHAT_WEB_FILES}" -P ${CMAKE_SOURCE_DIR}/cmake/embed_web.cmake
  DEPENDS ${web_sources} web/package.json web/package-lock.json tools/web-packages cmake/embed_web.cmake src/api/module.cmake
  COMMENT "Embedding the docs pages" VERBATIM)
# A library of its own: the linker takes it in where the table is used, and unit tests that use no page skip it.
add_library(chat_web STATIC ${web_out}/web_assets.cpp ${web_out}/web_assets.S)
target_link_libraries(chat_web PRIVATE chat_options chat_base)
get_target_property(type chat_api TYPE)
if(type STREQUAL "STATIC_LIBRARY")
  target_link_libraries(chat_api PUBLIC chat_web)
else()
  target_link_libraries(chat_api INTERFACE chat_web)
endif()
