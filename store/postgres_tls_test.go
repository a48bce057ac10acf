package store

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"roomkey/store/postgrestest"
)

// writeCertificate makes a certificate for the addresses, which has signed itself, and
// writes it and its key into a folder.
func writeCertificate(t *testing.T, folder, name string, addresses ...net.IP) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IPAddresses:           addresses,
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(file, kind string, der []byte) string {
		path := filepath.Join(folder, name+file)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write(".crt", "CERTIFICATE", der), write(".key", "PRIVATE KEY", keyDER)
}

// TLS is as libpq has it: the certificate of the server is checked against a root, and
// its name against the host, where the URL asks for that.
func TestTLS(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	own, key := writeCertificate(t, server.Folder(), "server", net.IPv4(127, 0, 0, 1))
	server.GiveFiles(t, own, key)
	server.Exec(t, "ALTER SYSTEM SET ssl_cert_file = '"+own+"'", "ALTER SYSTEM SET ssl_key_file = '"+key+"'",
		"ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()")
	other, _ := writeCertificate(t, t.TempDir(), "stranger")
	url := server.Database(t)
	with := func(mode string) string { return strings.Replace(url, "sslmode=disable", mode, 1) }

	eventually(t, func() bool { // the server reads its configuration again when it comes to it
		db, err := OpenURL(t.Context(), with("sslmode=require"), Options{})
		if err != nil {
			return false
		}
		return db.Close() == nil
	})
	db := openURL(t, with("sslmode=verify-full&sslrootcert="+own))
	createRoom(t, db, newRoom("room"))
	var encrypted bool
	if err := db.change(t.Context(), func(tx *tx) (err error) {
		encrypted, err = queryOne(tx, "tls", `SELECT ssl::int FROM pg_stat_ssl WHERE pid = pg_backend_pid()`, boolPointers)
		return err
	}); err != nil || !encrypted {
		t.Errorf("the connection is encrypted: %v, %v", encrypted, err)
	}
	for name, mode := range map[string]string{
		"signed by another":     "sslmode=verify-full&sslrootcert=" + other,
		"of another's root":     "sslmode=verify-ca&sslrootcert=" + other,
		"unknown to the system": "sslmode=verify-full",
	} {
		if db, err := OpenURL(t.Context(), with(mode), Options{}); err == nil {
			_ = db.Close()
			t.Errorf("a certificate %s was accepted", name)
		} else if !strings.Contains(err.Error(), "certificate") || strings.Contains(err.Error(), postgrestest.Password) {
			t.Errorf("a certificate %s: %v; want that it is about the certificate, without the password", name, err)
		}
	}
	byName := strings.Replace(with("sslmode=verify-full&sslrootcert="+own), "127.0.0.1", "localhost", 1)
	if db, err := OpenURL(t.Context(), byName, Options{}); err == nil {
		_ = db.Close()
		t.Error("a certificate for another name was accepted")
	}
}
