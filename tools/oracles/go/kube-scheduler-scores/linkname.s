// Empty on purpose: with an assembly file in the package, Go lets a function be declared without a body (linkname.go).
