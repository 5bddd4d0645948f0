# Makes OUT_S and OUT_CPP from FILES, a list of "<path>|<file>": each file as it is and gzipped, taken
# in by the assembler (.incbin: megabytes at no cost), and the table behind api/http/web_assets.hpp.
# A file that starts with @ lies in the npm packages of web/package-lock.json; GENERATED is where the gzipped ones go.
set(type_of.html "text/html; charset=utf-8")
set(type_of.css "text/css; charset=utf-8")
set(type_of.js "text/javascript; charset=utf-8")
set(type_of.txt "text/plain; charset=utf-8")
set(type_of.svg "image/svg+xml")

set(packages "")
set(asm "/* Made by cmake/embed_web.cmake; do not edit. */\n.section .rodata\n")
set(rows "")
set(externs "")
file(MAKE_DIRECTORY ${GENERATED})
set(n 0)
foreach(row IN LISTS FILES)
  string(REPLACE "|" ";" row "${row}")
  list(GET row 0 path)
  list(GET row 1 file)
  get_filename_component(extension ${path} LAST_EXT)
  if(NOT extension)
    get_filename_component(extension ${file} LAST_EXT)   # "/docs" is an .html
  endif()
  if(NOT DEFINED type_of${extension})
    message(FATAL_ERROR "no content type is known for ${path}")
  endif()
  set(type "${type_of${extension}}")
  if(file MATCHES "^@(.*)$")
    set(in_package ${CMAKE_MATCH_1})
    if(NOT packages)
      execute_process(COMMAND ${SOURCE}/tools/web-packages OUTPUT_VARIABLE packages OUTPUT_STRIP_TRAILING_WHITESPACE
        RESULT_VARIABLE failed)
      if(failed)
        message(FATAL_ERROR "the web packages could not be installed (tools/web-packages)")
      endif()
    endif()
    set(file ${packages}/${in_package})
  endif()
  execute_process(COMMAND gzip -9nc ${file} OUTPUT_FILE ${GENERATED}/${n}.gz RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "gzip cannot read ${file}")
  endif()
  file(SIZE ${file} size)
  file(SIZE ${GENERATED}/${n}.gz gzip_size)
  file(SHA256 ${file} digest)
  string(SUBSTRING ${digest} 0 32 tag)
  string(APPEND asm ".global chat_web_${n}\nchat_web_${n}:\n.incbin \"${file}\"\n"
    ".global chat_web_${n}_gzip\nchat_web_${n}_gzip:\n.incbin \"${GENERATED}/${n}.gz\"\n")
  string(APPEND externs "extern const char chat_web_${n}[], chat_web_${n}_gzip[];\n")
  string(APPEND rows "    {\"${path}\", \"${type}\", {chat_web_${n}, ${size}}, {chat_web_${n}_gzip, ${gzip_size}}, "
    "\"\\\"${tag}\\\"\"},\n")
  math(EXPR n "${n} + 1")
endforeach()
string(APPEND asm ".section .note.GNU-stack,\"\",%progbits\n")
file(WRITE ${OUT_S} "${asm}")
file(WRITE ${OUT_CPP} "// Made by cmake/embed_web.cmake; do not edit.
#include \"api/http/web_assets.hpp\"

extern \"C\" {
${externs}}

namespace chat::api {
namespace {
const WebAsset kAssets[] = {
${rows}};
}  // namespace

std::span<const WebAsset> web_assets() noexcept { return kAssets; }

}  // namespace chat::api
")
