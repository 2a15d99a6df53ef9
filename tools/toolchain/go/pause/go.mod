module github.com/machine-native-ops/toolchain/pause

go 1.26
