# chat_embed(<target> <header-name> <namespace> FILES ...): files as `inline constexpr std::string_view` constants
# in generated/<header-name>; the constant is k + the file's name in CamelCase, dots and dashes read as word breaks
# (messages_after.sqlite.sql -> kMessagesAfterSqliteSql).
add_custom_target(embeds)   # all generated headers: what an analysis needs before it can read a source
function(chat_embed target header ns)
  cmake_parse_arguments(ARG "" "" "FILES" ${ARGN})
  set(out ${CMAKE_BINARY_DIR}/generated/${header})
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DNS=${ns} "-DFILES=${ARG_FILES}" -P ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake
    DEPENDS ${ARG_FILES} ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake VERBATIM)
  string(MAKE_C_IDENTIFIER ${header} id)
  add_custom_target(embed_${id} DEPENDS ${out})
  add_dependencies(${target} embed_${id})
  add_dependencies(embeds embed_${id})
endfunction()
