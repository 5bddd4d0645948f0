# The fuzz preset's compiler (clang 14) cannot assemble coroutines under AddressSanitizer; nothing that is fuzzed needs
# the one file that starts them.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  get_target_property(transport_sources chat_transport SOURCES)
  list(FILTER transport_sources EXCLUDE REGEX "/http_session\\.cpp$")
  set_target_properties(chat_transport PROPERTIES SOURCES "${transport_sources}")
endif()
