# One image with all three programs; without arguments it is the mock.
# Nobody built it where it was written, for want of a container engine: it is linted, and its commands run in a test.
FROM python:3.13-slim AS build
WORKDIR /source
COPY . .
RUN python -m venv /opt/binding && /opt/binding/bin/pip install --no-cache-dir '.[video]'

FROM python:3.13-slim
RUN useradd --uid 10001 --create-home binding && install --directory --owner=binding --mode=700 /state
COPY --from=build /opt/binding /opt/binding
ENV PATH=/opt/binding/bin:$PATH XDG_STATE_HOME=/state
USER 10001
VOLUME /state
EXPOSE 8001
HEALTHCHECK --interval=5s --timeout=6s --start-period=30s \
    CMD ["expressplay-mock", "health", "--url", "http://127.0.0.1:8001"]
CMD ["expressplay-mock", "serve", "--host", "0.0.0.0", "--port", "8001"]
