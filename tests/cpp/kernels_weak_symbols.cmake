# One test for each instruction set: its objects define no symbol that the linker could merge with others.
get_property(isas GLOBAL PROPERTY RANVIER_ISAS)
foreach(isa ${isas})
  get_property(flags GLOBAL PROPERTY RANVIER_ISA_FLAGS_${isa})
  add_test(NAME kernels_weak_symbols.${isa}
           COMMAND ${CMAKE_CURRENT_LIST_DIR}/check_weak_symbols.sh ${CMAKE_CXX_COMPILER}
                   ${PROJECT_SOURCE_DIR}/cpp/src/kernels/isa_${isa}.cpp ${flags})
endforeach()
