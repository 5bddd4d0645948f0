# The codec of the Centrifuge protocol's Protobuf encoding is our own, and chatd links no libprotobuf. What protoc makes
# of the schema is the other side of its tests and fuzz targets.
if(CHATD_TESTS OR CHATD_FUZZ)
  find_package(Protobuf REQUIRED)
  set(proto ${CMAKE_SOURCE_DIR}/src/protocol/centrifuge.proto)
  set(proto_out ${CMAKE_BINARY_DIR}/protobuf)
  file(MAKE_DIRECTORY ${proto_out})
  add_custom_command(OUTPUT ${proto_out}/centrifuge.pb.cc ${proto_out}/centrifuge.pb.h
    COMMAND protobuf::protoc --proto_path=${CMAKE_SOURCE_DIR}/src/protocol --cpp_out=${proto_out} ${proto}
    DEPENDS ${proto} VERBATIM)
  # Generated code is compiled without our warnings, and its header is a system header to whoever includes it.
  add_library(chat_centrifuge_schema STATIC EXCLUDE_FROM_ALL ${proto_out}/centrifuge.pb.cc ${proto_out}/centrifuge.pb.h)
  target_include_directories(chat_centrifuge_schema SYSTEM PUBLIC ${proto_out})
  target_link_libraries(chat_centrifuge_schema PUBLIC protobuf::libprotobuf)
endif()
