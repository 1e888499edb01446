"""Somebody else's server that wants a certificate and is shown none: told as such, whatever it answers."""

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from certificates import Certificates
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key, pkcs12
from cryptography.x509 import load_pem_x509_certificate

from emulator.errors import NoAnswer, TlsFailed
from emulator.parties import SEES
from emulator.transport import Web
from hosting.tls import tls_diagnosis
from hosting.tls.tls_diagnosis import wants_certificate
from sees_testing.serving import serving_process

JAVA = """
import com.sun.net.httpserver.*;
import java.io.*;
import java.net.*;
import java.security.*;
import javax.net.ssl.*;

public class Stranger {
    public static void main(String[] a) throws Exception {
        KeyStore own = KeyStore.getInstance("PKCS12");
        own.load(new FileInputStream(a[1]), "secret".toCharArray());
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(own, "secret".toCharArray());
        KeyStore others = KeyStore.getInstance("PKCS12");
        others.load(null, null);
        try (InputStream ca = new FileInputStream(a[2])) {
            var x509 = java.security.cert.CertificateFactory.getInstance("X.509");
            others.setCertificateEntry("ca", x509.generateCertificate(ca));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(others);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        HttpsServer server = HttpsServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(a[0])), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context) {
            public void configure(HttpsParameters parameters) {
                SSLParameters tls = context.getDefaultSSLParameters();
                tls.setNeedClientAuth(true);
                tls.setProtocols(new String[] {a[3]});
                parameters.setSSLParameters(tls);
            }
        });
        server.start();
    }
}
"""
NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log stderr;
events {{ }}
http {{
  access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{
    listen 127.0.0.1:{port} ssl; ssl_certificate {certificate}; ssl_certificate_key {key};
    ssl_client_certificate {ca}; ssl_verify_client on; return 204;
  }}
}}
"""


def need(program: str) -> None:
    if shutil.which(program) is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"no {program}: .ci/run installs it")


def until_warm(web: Web, url: str) -> int:
    """Ask until an answer comes: the first handshake of a JVM takes seconds on a busy machine."""
    for _ in range(20):
        with suppress(NoAnswer):
            return web.post_json(SEES, url, {}).status
    return 0


def expect_told(url: str, certificates: Certificates) -> None:
    client = certificates.client()
    without, with_one = Web(tls=client.without_certificate()), Web(tls=client)
    try:
        assert until_warm(with_one, f"{url}/sees/SEESServlet") in (204, 404)
        with pytest.raises(TlsFailed, match=r"turns away clients without a certificate") as failure:
            until_warm(without, f"{url}/sees/SEESServlet")  # a busy server takes longer than the diagnosis waits
        assert failure.value.number == -9117
        assert "--client-certificate" in failure.value.fix
    finally:
        without.close()
        with_one.close()


@pytest.fixture(autouse=True)
def patient_diagnosis(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine's Java needs more than a second for a handshake."""
    monkeypatch.setattr(tls_diagnosis, "STEP_TIMEOUT", 20.0)


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path / "authority")


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the server in Java, compiled."""
    need("javac")
    folder = tmp_path_factory.mktemp("java")
    (folder / "Stranger.java").write_text(JAVA)
    subprocess.run(["javac", "Stranger.java"], cwd=folder, check=True)
    return folder


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_a_server_in_java(classes: Path, tmp_path: Path, certificates: Certificates, version: str) -> None:
    tls = certificates.server()
    key = load_pem_private_key(tls.key.read_bytes(), None)
    certificate = load_pem_x509_certificate(tls.certificate.read_bytes())
    store = tmp_path / "own.p12"
    encryption = BestAvailableEncryption(b"secret")
    store.write_bytes(pkcs12.serialize_key_and_certificates(b"own", key, certificate, None, encryption))  # type: ignore[arg-type]
    argv = ["java", "-cp", str(classes), "Stranger", "{port}", str(store), str(certificates.ca), version]
    with serving_process(argv, {}, scheme="https", timeout=60) as url:
        expect_told(url, certificates)


def test_nginx(tmp_path: Path, certificates: Certificates) -> None:
    need("nginx")
    tls = certificates.server()
    config = tmp_path / "nginx.conf"
    files = {"folder": tmp_path, "certificate": tls.certificate, "key": tls.key, "ca": certificates.ca}
    # The port is known when the program starts: the shell writes it into the file.
    config.write_text(NGINX.format(port="PORT", **files))
    command = f"sed s/PORT/$0/ {config} > {config}.now && exec nginx -c {config}.now"
    with serving_process(["sh", "-c", command, "{port}"], {}, scheme="https", stderr=subprocess.DEVNULL) as url:
        expect_told(url, certificates)


def test_an_answer_to_who_showed_one_is_an_answer(certificates: Certificates) -> None:
    page = b"<html>400 No required SSL certificate was sent</html>"
    client = certificates.client()
    assert wants_certificate(400, page, client.without_certificate())
    assert not wants_certificate(400, page, client)
    assert not wants_certificate(400, b"<html>Bad Request</html>", client.without_certificate())
    assert not wants_certificate(200, page, client.without_certificate())
