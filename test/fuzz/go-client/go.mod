module github.com/akv-injector/akv-injector/test/fuzz/go-client

go 1.25
