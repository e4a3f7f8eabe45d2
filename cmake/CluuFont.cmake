# SPDX-License-Identifier: MIT
#
#   cluu_console_font(TARGET)   makes build/<preset>/fonts/console.psf (8x16 glyphs, PSF with a Unicode table) and the
#                               target `console_font`; TARGET depends on it, and its .S files find it by
#                               `.incbin "console.psf"` (the folder is on the assembler's include path).

set(CLUU_FONT ${CMAKE_BINARY_DIR}/fonts/console.psf)
add_custom_command(OUTPUT ${CLUU_FONT}
    COMMAND ${CMAKE_COMMAND} -E env PYTHONPATH=${CMAKE_SOURCE_DIR}/tools /usr/bin/python3 -m cluu.font ${CLUU_FONT}
    DEPENDS ${CMAKE_SOURCE_DIR}/tools/cluu/font.py COMMENT "Fetching the console's font" VERBATIM)
add_custom_target(console_font DEPENDS ${CLUU_FONT})

function(cluu_console_font target)
    add_dependencies(${target} console_font)
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:ASM>:-I${CMAKE_BINARY_DIR}/fonts>)
    # The object that embeds the font is made again when the font changes.
    get_target_property(sources ${target} SOURCES)
    list(FILTER sources INCLUDE REGEX "\\.S$")
    set_source_files_properties(${sources} PROPERTIES OBJECT_DEPENDS ${CLUU_FONT})
endfunction()
