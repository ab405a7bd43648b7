package main

import (
	"crypto/x509"

	"github.com/lestrrat-go/jwx/v2/jwk"
)

func publicKeyOf(json string) (string, error) {
	return keyOf(json, "PUBLIC KEY", x509.MarshalPKIXPublicKey)
}

func privateKeyOf(json string) (string, error) {
	return keyOf(json, "PRIVATE KEY", x509.MarshalPKCS8PrivateKey)
}

func keyOf(json, label string, write func(any) ([]byte, error)) (string, error) {
	read, err := jwk.ParseKey([]byte(json))
	if err != nil {
		return "", err
	}
	var key any
	if err := read.Raw(&key); err != nil {
		return "", err
	}
	der, err := write(key)
	return encode(label, der), err
}
