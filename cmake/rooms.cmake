# lvslab_room(NAME DEPS ...): the static library of one room, from every source file in it.
function(lvslab_room name)
  cmake_parse_arguments(ROOM "" "" "DEPS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS
    "${PROJECT_SOURCE_DIR}/sim/${name}/*.cpp" "${PROJECT_SOURCE_DIR}/sim/${name}/*.h")
  set(visibility PUBLIC)
  if(sources)
    add_library(lvslab_${name} STATIC ${sources})
    set_target_properties(lvslab_${name} PROPERTIES LINKER_LANGUAGE CXX)
    lvslab_compile_options(lvslab_${name})
  else()  # nothing to compile here: its dependencies still pass through
    set(visibility INTERFACE)
    add_library(lvslab_${name} INTERFACE)
  endif()
  target_include_directories(lvslab_${name} ${visibility} "${PROJECT_SOURCE_DIR}")
  foreach(dep IN LISTS ROOM_DEPS)
    if(TARGET ${dep})  # a library of the system
      target_link_libraries(lvslab_${name} ${visibility} ${dep})
    else()  # a room, whether it was listed already or not
      target_link_libraries(lvslab_${name} ${visibility} lvslab_${dep})
    endif()
  endforeach()
endfunction()

function(lvslab_compile_options target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
    -Wno-sign-conversion
    # Designated initializers leave members at their defaults; the other two are wrong about
    # std::string and std::optional in GCC 12 at -O2 and above (GCC bugs 105329, 105562).
    -Wno-missing-field-initializers -Wno-restrict -Wno-maybe-uninitialized -Wnon-virtual-dtor -Woverloaded-virtual -Wold-style-cast)
  if(LVSLAB_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(NOT LVSLAB_TRACE)
    target_compile_definitions(${target} PUBLIC LVSLAB_UNTRACED)
  endif()
  if(LVSLAB_SANITIZE)
    target_compile_options(${target} PUBLIC -fsanitize=address,undefined
      -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=address,undefined)
  endif()
endfunction()
