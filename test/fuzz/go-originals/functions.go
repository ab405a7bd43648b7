package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"software.sslmate.com/src/go-pkcs12"
)

// What the External Secrets Operator adds to sprig, as far as our templates have it, with the library that it uses.
func functions() template.FuncMap {
	all := sprig.TxtFuncMap()
	all["filterPEM"] = filterPEM
	all["jwkPrivateKeyPem"] = privateKeyOf
	all["jwkPublicKeyPem"] = publicKeyOf
	all["pkcs12key"] = func(pfx string) (string, error) { return privateKey("", pfx) }
	all["pkcs12keyPass"] = privateKey
	all["pkcs12cert"] = func(pfx string) (string, error) { return certificates("", pfx) }
	all["pkcs12certPass"] = certificates
	all["trustedCerts"] = trusted
	return all
}

func filterPEM(label, text string) (string, error) {
	// Go no longer skips text before the first block, and the operator does that itself.
	if _, after, found := strings.Cut(text, "-----BEGIN"); found {
		text = "-----BEGIN" + after
	}
	var found strings.Builder
	rest := []byte(text)
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if strings.EqualFold(block.Type, label) {
			pem.Encode(&found, block)
		}
	}
	if found.Len() == 0 && len(rest) > 0 {
		return "", errors.New("not PEM")
	}
	return found.String(), nil
}

func privateKey(password, pfx string) (string, error) {
	key, _, _, err := pkcs12.DecodeChain([]byte(pfx), password)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return encode("PRIVATE KEY", der), err
}

// The certificates of a trust store. No template of ours has it.
func trusted(password, pfx string) (string, error) {
	all, err := pkcs12.DecodeTrustStore([]byte(pfx), password)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	for _, one := range all {
		text.WriteString(encode("CERTIFICATE", one.Raw))
	}
	return text.String(), nil
}

func certificates(password, pfx string) (string, error) {
	_, first, others, err := pkcs12.DecodeChain([]byte(pfx), password)
	if err != nil {
		return "", err
	}
	stored := append([]*x509.Certificate{first}, others...)
	ordered := chain(stored)
	if ordered == nil {
		ordered = stored
	}
	var text strings.Builder
	for _, one := range ordered {
		text.WriteString(encode("CERTIFICATE", one.Raw))
	}
	return text.String(), nil
}

// The chain from the leaf on, found by the identifiers of keys; nil if there isn't exactly one leaf, or if it never ends.
func chain(stored []*x509.Certificate) []*x509.Certificate {
	issuers := map[*x509.Certificate]*x509.Certificate{}
	isIssuer := map[*x509.Certificate]bool{}
	for _, one := range stored {
		for _, other := range stored {
			if other != one && bytes.Equal(one.AuthorityKeyId, other.SubjectKeyId) {
				issuers[one], isIssuer[other] = other, true
				break
			}
		}
	}
	var leaves, found []*x509.Certificate
	for _, one := range stored {
		if !isIssuer[one] {
			leaves = append(leaves, one)
		}
	}
	if len(leaves) != 1 {
		return nil
	}
	for next := leaves[0]; next != nil; next = issuers[next] {
		if len(found) == len(stored) {
			return nil
		}
		found = append(found, next)
	}
	return found
}

func encode(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}
