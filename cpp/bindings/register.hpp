// What module.cpp puts together: one function per file of this folder.
#pragma once

#include <pybind11/pybind11.h>

namespace fastmlp {

void register_guard(pybind11::module_& module);
void register_layers(pybind11::module_& module);
void register_networks(pybind11::module_& module);
void register_trainers(pybind11::module_& module);
void register_crew(pybind11::module_& module);
void register_runtime(pybind11::module_& module);
void register_testing(pybind11::module_& module);

}  // namespace fastmlp
